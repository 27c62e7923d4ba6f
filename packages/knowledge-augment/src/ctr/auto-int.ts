import { attend, Dense, mergeHeads, splitHeads } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { MakeBackbone } from './backbone.js';
import { flatInput, flatWidth } from './flat-input.js';
import { column, Perceptron } from './perceptron.js';

const HEADS = 2;

/** AutoInt (Song et al. 2019): self-attention of the fields on each other with a residual map and ReLU, and an MLP. */
export const autoInt: MakeBackbone = (parameters, shape, random, { hidden, dropout, layers }) => {
  const { fields, dimension } = shape;
  const project = (name: string): Dense =>
    new Dense(parameters, name, dimension, dimension, random, { bias: false });
  const attentions = Array.from({ length: layers }, (_, k) => ({
    query: project(`attention-${k + 1}.query`),
    key: project(`attention-${k + 1}.key`),
    value: project(`attention-${k + 1}.value`),
    residual: project(`attention-${k + 1}.residual`),
  }));
  const deep = new Perceptron(parameters, 'deep', flatWidth(shape), hidden, random, { dropout, out: 1 });
  const out = new Dense(parameters, 'attention-out', fields * dimension, 1, random);
  return {
    logits: (input, pass) => {
      let x = input.fields;
      for (const { query, key, value, residual } of attentions) {
        const mixed = attend(
          splitHeads(query.apply(x), HEADS),
          splitHeads(key.apply(x), HEADS),
          splitHeads(value.apply(x), HEADS),
        );
        x = tf.relu(tf.add(mergeHeads(mixed), residual.apply(x)));
      }
      const rows = x.shape[0] as number;
      return tf.addN([
        input.linear,
        column(out.apply(tf.reshape(x, [rows, -1]))),
        column(deep.apply(flatInput(input), pass)),
      ]) as tf.Tensor1D;
    },
  };
};
