import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, InvalidInputError } from '../src/index.js';

test('half floats of a file packed by Python struct come out as their values', () => {
  // struct.pack('<3e', 1.5, -0.25, 6e-8) and the bfloat16 bits 0x3FC0, 0xC000 under a hand-written header.
  const file = Buffer.from(
    '70000000000000007b2261223a7b226474797065223a22463136222c227368617065223a5b335d2c22646174615f6f666673657473223a' +
      '5b302c365d7d2c2262223a7b226474797065223a2242463136222c227368617065223a5b325d2c22646174615f6f666673657473223a' +
      '5b362c31305d7d7d202020003e00b40100c03f00c0',
    'hex',
  );
  const { tensors } = decodeSafetensors(file);
  expect(tensors.a?.values).toEqual(Float32Array.of(1.5, -0.25, 2 ** -24));
  expect(tensors.b?.values).toEqual(Float32Array.of(1.5, -2));
});

test('what was written comes back, whatever the order of names', () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true })),
      fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
      (floats, whole) => {
        const f = { shape: [floats.length], values: Float32Array.from(floats) };
        const i = { shape: [whole.length, 1], values: Int32Array.from(whole) };
        const file = encodeSafetensors({ z: f, a: i }, { note: 'ä' });
        expect(file).toEqual(encodeSafetensors({ a: i, z: f }, { note: 'ä' }));
        expect(decodeSafetensors(file)).toEqual({ tensors: { a: i, z: f }, metadata: { note: 'ä' } });
      },
    ),
  );
});

test('damaged files and shapes that do not fit are refused', () => {
  const file = encodeSafetensors({ a: { shape: [2], values: Float32Array.of(1, 2) } });
  expect(() => decodeSafetensors(file.slice(0, 5))).toThrow(/safetensors file, but received 5 bytes/);
  expect(() => decodeSafetensors(file.slice(0, -1))).toThrow(/safetensors/);
  expect(() => decodeSafetensors(Buffer.from('hello world, this is no tensor'))).toThrow(/safetensors/);
  const broken = file.slice();
  broken[9] = 0x7b;
  expect(() => decodeSafetensors(broken)).toThrow(/JSON header/);
  expect(() => encodeSafetensors({ a: { shape: [3], values: new Float32Array(2) } })).toThrow(
    /3 values for the tensor a/,
  );
});

/** A safetensors file with a header of our own making. */
function forged(header: string, values = 8): Uint8Array {
  const head = Buffer.from(header);
  const file = new Uint8Array(8 + head.length + values);
  new DataView(file.buffer).setBigUint64(0, BigInt(head.length), true);
  file.set(head, 8);
  return file;
}

test('a forged header is refused: no raw error, no bytes that are named twice, no hole', () => {
  const entry = (shape: unknown, range: unknown, dtype: unknown = 'F32') =>
    JSON.stringify({ dtype, shape, data_offsets: range });
  for (const header of [
    'null',
    '[]',
    '7',
    '{"a":null}',
    '{"a":{}}',
    `{"a":${entry(null, [0, 8])}}`,
    `{"a":${entry([2], null)}}`,
    `{"a":${entry([2], [0])}}`,
    `{"a":${entry([2], [8, 0])}}`,
    `{"a":${entry([-2], [0, 8])}}`,
    `{"a":${entry([1e300, 1e300], [0, 8])}}`,
    `{"a":${entry([2], [0, 8], 'toString')}}`,
    `{"__proto__":${entry([2], [0, 8])}}`,
    `{"a":${entry([1], [0, 4])}}`,
    `{"a":${entry([1], [4, 8])}}`,
    `{"a":${entry([2], [0, 8])},"b":${entry([2], [0, 8])}}`,
    `{"__metadata__":{"a":1},"a":${entry([2], [0, 8])}}`,
  ])
    expect(() => decodeSafetensors(forged(header)), header).toThrow(InvalidInputError);
  expect(
    decodeSafetensors(forged(`{"a":${entry([2], [0, 8])},"b":${entry([0], [8, 8])}}`)).tensors.b?.shape,
  ).toEqual([0]);
});

test('a file with any bytes changed is read or refused, never a raw error', () => {
  const file = encodeSafetensors(
    {
      a: { shape: [2], values: Float32Array.of(1, 2) },
      b: { shape: [1, 3], values: Int32Array.of(1, 2, 3) },
    },
    { format: 'pt' },
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(file.length),
      (changes, length) => {
        const changed = file.slice(0, length > file.length / 2 ? file.length : length);
        for (const [at, byte] of changes) if (at < changed.length) changed[at] = byte;
        try {
          decodeSafetensors(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInputError);
        }
      },
    ),
    { numRuns: 500, seed: 1 },
  );
});
