import { describe, expect, it } from 'vitest';
import { encodeOnnx, OrtSession, OrtTensor } from '../src/index.js';

const float = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

describe('encodeOnnx', () => {
  it('writes the bytes of the protocol-buffer format', () => {
    // By hand from onnx.proto: ir_version 8 is field 1 (varint), producer_name field 2, graph field 7 (an empty graph
    // has its name, field 2), opset_import field 8 with version (field 2) 18.
    const bytes = encodeOnnx({ name: 'g', nodes: [], inputs: [], outputs: [] });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      ['0808', '1206', Buffer.from('palate').toString('hex'), '3a03', '1201', '67', '4202', '1012'].join(''),
    );
  });

  it('writes attributes of every kind, constants and symbolic extents that ONNX Runtime understands', () => {
    const model = encodeOnnx({
      name: 'g',
      nodes: [
        { op: 'LeakyRelu', inputs: ['x'], outputs: ['a'], attributes: { alpha: { float: 0.5 } } },
        { op: 'Transpose', inputs: ['a'], outputs: ['b'], attributes: { perm: [1, 0] } },
        { op: 'ReduceSum', inputs: ['b', 'axes'], outputs: ['c'], attributes: { keepdims: 0 } },
        { op: 'Pad', inputs: ['c', 'pads'], outputs: ['y'], attributes: { mode: 'constant' } },
      ],
      initializers: [
        { name: 'axes', type: 'int64', shape: [1], bytes: new Uint8Array(BigInt64Array.of(-1n).buffer) },
        { name: 'pads', type: 'int64', shape: [2], bytes: new Uint8Array(BigInt64Array.of(1n, 0n).buffer) },
      ],
      inputs: [{ name: 'x', type: 'float32', shape: ['rows', 2] }],
      outputs: [{ name: 'y', type: 'float32', shape: ['width'] }],
    });
    const session = new OrtSession(model, ['y'], { threads: 1 });
    // Columns summed after halving what is negative, with one zero in front.
    const { y } = session.run({ x: new OrtTensor('float32', Float32Array.of(1, -2, 3, 4), [2, 2]) });
    expect(Array.from(y?.data as Float32Array)).toEqual([0, 4, 3]);
    const { y: longer } = session.run({
      x: new OrtTensor('float32', Float32Array.of(1, 1, 1, 1, 1, 1), [3, 2]),
    });
    expect(Array.from(longer?.data as Float32Array)).toEqual([0, 3, 3]);
    session.dispose();
  });

  it('writes a tensor longer than its first buffer', () => {
    const numbers = Array.from({ length: 5000 }, (_, index) => index);
    const model = encodeOnnx({
      name: 'g',
      nodes: [{ op: 'Add', inputs: ['x', 'c'], outputs: ['y'] }],
      initializers: [{ name: 'c', type: 'float32', shape: [5000], bytes: float(numbers) }],
      inputs: [{ name: 'x', type: 'float32', shape: [1] }],
      outputs: [{ name: 'y', type: 'float32', shape: [5000] }],
    });
    const { y } = new OrtSession(model, ['y'], { threads: 1 }).run({
      x: new OrtTensor('float32', Float32Array.of(1), [1]),
    });
    expect(y?.data[4999]).toBe(5000);
  });
});
