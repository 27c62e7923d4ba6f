/*
 * Softmax cross-entropy over a whole catalogue, in blocks of rows.
 *
 * Terms: a *row* is a position whose next item is asked for, a *class* an item; a *group* is the rows of one user, which
 * share what is excluded; a *block* is as many groups as are scored at once.
 *
 * The gradient is made beside the value, block by block, so that no block's `rows x classes` matrix outlives it: with
 * M the raised scores of a block, `scale` and `towards` numbers a row, t the targets and E the table,
 * dx = scale (M E) - towards E[t] and dE = M^T (scale x) - scatter(towards x, t).
 */
import * as tf from '@tensorflow/tfjs-core';

/** Numbers of the `rows x classes` matrix that are at hand at once, 32 MiB of them. */
const BLOCK_NUMBERS = 2 ** 23;

/** Rows of a block at least, however many classes there are: products of fewer rows are slow. */
const LEAST_ROWS = 32;

/** Taken from the score of a class that does not compete. */
const EXCLUDED = 1e9;

/** Options of the losses over a catalogue. */
export interface CatalogueLossOptions {
  /**
   * Divides the weighted sum. Default: the sum of the weights. A constant gives every row the same say, whatever the
   * number of rows in its batch.
   */
  readonly total?: number | undefined;
  /**
   * Group of each row, int32 `[rows]`, for {@link crossEntropyAmong} where a group's rows do not lie one after another, or
   * groups have different numbers of them. Default: equally many rows a group, in order.
   */
  readonly groupOf?: tf.Tensor1D | undefined;
  /** Most rows that are scored at once. Default: so many that their scores fill 32 MiB, at least 32. */
  readonly blockRows?: number | undefined;
}

/**
 * Softmax cross-entropy over a whole catalogue whose class vectors are the rows of a table: the loss of
 * `softmaxCrossEntropy(x E^T, targets, weights)`.
 *
 * Rows are scored in blocks, and neither a block's scores nor one-hot targets are kept for the gradient: memory grows
 * with the classes and with the rows, not with their product.
 *
 * @param x - `[rows, width]`
 * @param table - `[classes, width]`
 * @param targets - int32 `[rows]`
 * @param weights - `[rows]`
 */
export function catalogueCrossEntropy(
  x: tf.Tensor2D,
  table: tf.Tensor2D,
  targets: tf.Tensor1D,
  weights: tf.Tensor1D,
  options: CatalogueLossOptions = {},
): tf.Scalar {
  return lossInBlocks({ x, table, targets, weights, groups: x.shape[0] }, options);
}

/**
 * {@link catalogueCrossEntropy} among the classes that compete with a row's target: those that are excluded from
 * its group are left out, unless they are the target. With a user's items excluded, training asks for what retrieval does,
 * which leaves them out of lists too.
 *
 * @param x - `[groups * positions, width]`, a group's rows one after another
 * @param table - `[classes, width]`
 * @param targets - int32 `[rows]`
 * @param weights - `[rows]`
 * @param excluded - `[groups, classes]`, 1 for what does not compete in a group and 0 for what does
 * @param options - `groupOf` says of which group each row is, where that is not its place
 */
export function crossEntropyAmong(
  x: tf.Tensor2D,
  table: tf.Tensor2D,
  targets: tf.Tensor1D,
  weights: tf.Tensor1D,
  excluded: tf.Tensor2D,
  options: CatalogueLossOptions = {},
): tf.Scalar {
  const groups = options.groupOf ? x.shape[0] : excluded.shape[0];
  return lossInBlocks({ x, table, targets, weights, groups, excluded }, options);
}

interface LossInputs {
  readonly x: tf.Tensor2D;
  readonly table: tf.Tensor2D;
  readonly targets: tf.Tensor1D;
  readonly weights: tf.Tensor1D;
  readonly groups: number;
  readonly excluded?: tf.Tensor2D;
}

/** Value of a block and what its gradient is made of; all but the value and M are `[rows, 1]`. */
interface BlockLoss {
  readonly value: tf.Scalar;
  /** M, `[rows, classes]`. */
  readonly raised: tf.Tensor2D;
  readonly scale: tf.Tensor2D;
  readonly towards: tf.Tensor2D;
}

function lossInBlocks(
  { x, table, targets, weights, groups, excluded }: LossInputs,
  { total, blockRows, groupOf }: CatalogueLossOptions,
): tf.Scalar {
  const classes = table.shape[0];
  const rows = x.shape[0];
  const perGroup = rows / groups;
  const most = blockRows ?? Math.max(LEAST_ROWS, Math.floor(BLOCK_NUMBERS / classes));
  const blocks = Math.ceil(groups / Math.max(1, Math.floor(most / perGroup)));
  const inBlock = Math.ceil(groups / blocks);
  const share = tf.div(weights, total ?? tf.maximum(tf.sum(weights), 1e-9)) as tf.Tensor1D;
  const ids = tf.cast(targets, 'int32') as tf.Tensor1D;
  const excludedOf = (first: number, taken: number): tf.Tensor2D =>
    groupOf
      ? tf.gather(excluded as tf.Tensor2D, tf.slice(groupOf, [first], [taken]))
      : tf.slice(excluded as tf.Tensor2D, [first, 0], [taken, classes]);
  const loss = tf.customGrad((given_, catalogue_, save) => {
    const given = given_ as tf.Tensor2D;
    const catalogue = catalogue_ as tf.Tensor2D;
    const width = given.shape[1];
    const values: tf.Scalar[] = [];
    const ofRows: tf.Tensor2D[] = [];
    const pulls: tf.Tensor2D[] = [];
    const turned: tf.Tensor2D[] = [];
    let ofTable: tf.Tensor2D | undefined;
    for (let first = 0; first < groups; first += inBlock) {
      const taken = Math.min(inBlock, groups - first);
      const [from, count] = [first * perGroup, taken * perGroup];
      const own = tf.slice(given, [from, 0], [count, width]);
      // Nothing is added. But a block waits for the one before, so that no two blocks' scores are alive together.
      const before = [values.at(-1), ofRows.at(-1), ofTable].filter((each) => each !== undefined);
      const waiting = first === 0 ? own : (tf.add(own, nothingOf(before)) as tf.Tensor2D);
      const part = tf.slice(ids, [from], [count]);
      const weight = tf.reshape(tf.slice(share, [from], [count]), [count, 1]) as tf.Tensor2D;
      const block = excluded
        ? among(waiting, catalogue, part, weight, excludedOf(first, taken))
        : overAll(waiting, catalogue, part, weight);
      values.push(block.value);
      ofRows.push(tf.mul(tf.matMul(block.raised, catalogue), block.scale) as tf.Tensor2D);
      const scaled = tf.mul(own, block.scale) as tf.Tensor2D;
      const added = tf.matMul(block.raised, scaled, true, false) as tf.Tensor2D;
      ofTable = ofTable ? (tf.add(ofTable, added) as tf.Tensor2D) : added;
      pulls.push(block.towards);
      turned.push(tf.mul(own, block.towards) as tf.Tensor2D);
    }
    const joined = (parts: tf.Tensor2D[]): tf.Tensor2D =>
      parts.length === 1 ? (parts[0] as tf.Tensor2D) : tf.concat2d(parts, 0);
    const dx = tf.sub(joined(ofRows), tf.mul(tf.gather(catalogue, ids), joined(pulls)));
    const dTable = tf.sub(ofTable as tf.Tensor2D, tf.unsortedSegmentSum(joined(turned), ids, classes));
    (save as tf.GradSaveFunc)([dx, dTable]);
    return {
      value: tf.addN(values) as tf.Scalar,
      gradFunc: (dy, saved) => {
        const [rowsGradient, tableGradient] = saved as [tf.Tensor2D, tf.Tensor2D];
        return [tf.mul(rowsGradient, dy as tf.Scalar), tf.mul(tableGradient, dy as tf.Scalar)];
      },
    };
  });
  return loss(x, table) as tf.Scalar;
}

/** Zero, once all of some tensors are there. */
const nothingOf = (tensors: readonly tf.Tensor[]): tf.Tensor =>
  tf.mul(tf.addN(tensors.map((each) => tf.slice(tf.reshape(each, [-1]), 0, 1))), 0);

/** The numbers of each row at its target, `[rows, 1]`. */
function atTarget(numbers: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor2D {
  const row = tf.range(0, numbers.shape[0], 1, 'int32');
  return tf.expandDims(tf.gatherND(numbers, tf.stack([row, targets], 1) as tf.Tensor2D), 1) as tf.Tensor2D;
}

function overAll(x: tf.Tensor2D, table: tf.Tensor2D, targets: tf.Tensor1D, weight: tf.Tensor2D): BlockLoss {
  const raised = tf.softmax(tf.matMul(x, table, false, true)) as tf.Tensor2D;
  const picked = tf.log(tf.maximum(atTarget(raised, targets), 1e-30));
  return {
    value: tf.neg(tf.sum(tf.mul(picked, weight))) as tf.Scalar,
    raised,
    scale: weight,
    towards: weight,
  };
}

function among(
  x: tf.Tensor2D,
  table: tf.Tensor2D,
  targets: tf.Tensor1D,
  weight: tf.Tensor2D,
  excluded: tf.Tensor2D,
): BlockLoss {
  const [groups, classes] = excluded.shape;
  const scores = tf.reshape(tf.matMul(x, table, false, true), [groups, -1, classes]);
  const competing = tf.reshape(tf.sub(scores, tf.expandDims(tf.mul(excluded, EXCLUDED), 1)), [
    x.shape[0],
    classes,
  ]);
  // The target's own score counts, excluded or not: everything else competes with it.
  const own = tf.sum(tf.mul(x, tf.gather(table, targets)), 1, true);
  const largest = tf.maximum(tf.max(competing, 1, true), own);
  const raised = tf.exp(tf.sub(competing, largest)) as tf.Tensor2D;
  const ownRaised = tf.exp(tf.sub(own, largest));
  const twice = atTarget(raised, targets);
  const rest = tf.maximum(tf.sub(tf.sum(raised, 1, true), twice), 0);
  const all = tf.add(rest, ownRaised);
  const scale = tf.div(weight, all) as tf.Tensor2D;
  return {
    value: tf.sum(tf.mul(tf.sub(tf.log(all), tf.sub(own, largest)), weight)) as tf.Scalar,
    raised,
    scale,
    // Of an open target `raised` holds the score too: its part is taken back with that of the target.
    towards: tf.mul(tf.add(rest, twice), scale),
  };
}
