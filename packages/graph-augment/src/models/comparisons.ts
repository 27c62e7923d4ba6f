import * as tf from '@tensorflow/tfjs-core';
import { hyperbolicDistance } from './poincare-ball.js';

/** How the two sides of a score are compared; higher is better. */
export interface Comparison {
  /** Compares `[rows, 1, width]` with `[rows, candidates, width]`: `[rows, candidates]`. */
  rows(left: tf.Tensor, right: tf.Tensor): tf.Tensor2D;
  /** Compares every row of `[rows, width]` with every one of `[candidates, width]`, by one product of matrices. */
  all(left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor2D;
}

const TINY = 1e-12;

const squares = (x: tf.Tensor): tf.Tensor => tf.sum(tf.square(x), -1);

const squaredDistances = (left: tf.Tensor, right: tf.Tensor): tf.Tensor2D =>
  squares(tf.sub(left, right)) as tf.Tensor2D;

/** `|x - y|^2 = |x|^2 + |y|^2 - 2 x y`, not below 0. */
const allSquaredDistances = (left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor2D =>
  tf.relu(
    tf.sub(
      tf.add(tf.expandDims(squares(left), 1), tf.expandDims(squares(right), 0)),
      tf.mul(tf.matMul(left, right, false, true), 2),
    ),
  ) as tf.Tensor2D;

/** Inner products. */
export const dot: Comparison = {
  rows: (left, right) => tf.sum(tf.mul(left, right), -1) as tf.Tensor2D,
  all: (left, right) => tf.matMul(left, right, false, true) as tf.Tensor2D,
};

/** Euclidean distances, negative. */
export const distance: Comparison = {
  rows: (left, right) => tf.neg(tf.sqrt(tf.add(squaredDistances(left, right), TINY))) as tf.Tensor2D,
  all: (left, right) => tf.neg(tf.sqrt(tf.add(allSquaredDistances(left, right), TINY))) as tf.Tensor2D,
};

/** Squares of Euclidean distances, negative. */
export const squaredDistance: Comparison = {
  rows: (left, right) => tf.neg(squaredDistances(left, right)),
  all: (left, right) => tf.neg(allSquaredDistances(left, right)),
};

/** Squares of hyperbolic distances of points in the Poincaré ball, negative. */
export const squaredHyperbolicDistance: Comparison = {
  rows: (left, right) =>
    tf.neg(
      tf.square(hyperbolicDistance(squaredDistances(left, right), squares(left), squares(right))),
    ) as tf.Tensor2D,
  all: (left, right) =>
    tf.neg(
      tf.square(
        hyperbolicDistance(
          allSquaredDistances(left, right),
          tf.expandDims(squares(left), 1),
          tf.expandDims(squares(right), 0),
        ),
      ),
    ) as tf.Tensor2D,
};
