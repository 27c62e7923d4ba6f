import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../src/index.js';

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
