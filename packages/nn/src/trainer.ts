import {
  InvalidInputError,
  type LongCallOptions,
  PalateError,
  prefixedTensors,
  RandomStream,
  type TensorData,
  tensorsUnder,
  yieldToEventLoop,
} from '@palate/core';
import { type CompiledStep, compile } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { type Batch, type BatchTensors, columnTensor } from './batch.js';
import {
  type EpochReport,
  prepareCheckpoints,
  readCheckpoint,
  type TrainingState,
  writeCheckpoint,
} from './checkpoint.js';
import { ForwardPass } from './forward-pass.js';
import { clipByGlobalNorm } from './optimisers.js';
import { TRAIN, type TrainOptions, type TrainSettings } from './train-options.js';

/** Result of a training run. */
export interface TrainResult {
  readonly history: readonly EpochReport[];
  /** Best epoch by the early-stopping metric; the last one without. */
  readonly bestEpoch: number;
  /** Steps in all, those before a resume included. */
  readonly steps: number;
}

/** Result of a step beside new weights. */
type StepOutcome = {
  readonly loss: tf.Scalar;
  /** The sum of all new weights and outer gradients: not finite as soon as one of them is not. */
  readonly weights: tf.Scalar;
  /** Gradients by what the outer layer gave, under its name with {@link OUTER} before it. */
  readonly [gradient: `${typeof OUTER}${string}`]: tf.Tensor;
};

const OUTER = 'outer ';

/**
 * Trains parameters.
 *
 * Batches, dropout and the start of parameters depend on the seed and the step alone: a run that was killed and goes
 * on from its checkpoint ends with the same numbers as one that was not. A fired `signal` writes a checkpoint, where
 * they are kept, before the call rejects.
 *
 * @throws CancelledError if `signal` fires
 * @throws ArtifactError at the start, if the checkpoint folder holds something else
 * @throws InvalidInputError if the loss or a weight is not finite after a step, which is undone then: the weights and
 * the optimiser's state are those of the step before; or if the early-stopping metric is not among the validation's
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const settings = TRAIN.settings(options);
  if (settings.outer && settings.clipNorm !== undefined)
    throw new InvalidInputError({
      expected: 'no clipNorm together with weights trained outside the graph',
      received: String(settings.clipNorm),
      hint: 'Leave clipNorm out: the joint norm of all gradients is not computed.',
    });
  const { seed, signal, onProgress } = options;
  const run = new TrainingRun({ ...settings, seed, signal, onProgress });
  try {
    await run.resume();
    return await run.finish();
  } finally {
    run.dispose();
  }
}

const numberOf = (tensor: tf.Tensor): number => tensor.dataSync()[0] as number;

class TrainingRun {
  readonly #options: TrainSettings & LongCallOptions;
  readonly #random: RandomStream;
  /** Parameter names by the names that TensorFlow.js gave their variables. */
  readonly #names: Map<string, string>;
  #state: TrainingState = { epoch: 0, stepInEpoch: 0, step: 0, lossSum: 0, best: null, history: [] };
  #bestWeights: Readonly<Record<string, TensorData>> | undefined;
  #savedAt = performance.now();
  #savedStep = 0;
  /** The step that makes the optimiser's state; none once a run was resumed. */
  #firstStep: number | undefined = 1;
  /** The step of each set of names that batches hold: tensors go in by position. */
  readonly #compiled = new Map<string, CompiledStep<[tf.Tensor, ...tf.Tensor[]], StepOutcome>>();

  constructor(options: TrainSettings & LongCallOptions) {
    this.#options = options;
    this.#random = new RandomStream(options.seed ?? 0).fork('train');
    const { parameters, outer } = options;
    const inner = parameters.trainable.filter((name) => !outer?.parameters.includes(name));
    this.#names = new Map(inner.map((name) => [parameters.get(name).name, name]));
    outer?.pull();
  }

  async resume(): Promise<void> {
    const { checkpoint, parameters, optimiser, outer, identity } = this.#options;
    if (!checkpoint) return;
    await prepareCheckpoints(checkpoint.dir);
    const found = await readCheckpoint(checkpoint.dir, identity);
    if (!found) return;
    parameters.assign(found.weights, checkpoint.dir);
    const inner = Object.entries(found.optimiser).filter(([name]) => !name.startsWith(OUTER));
    optimiser.restore(parameters, Object.fromEntries(inner), checkpoint.dir);
    outer?.pull();
    outer?.restore(tensorsUnder(found.optimiser, OUTER), checkpoint.dir);
    this.#state = found.state;
    this.#bestWeights = found.bestWeights;
    this.#savedStep = found.state.step;
    this.#firstStep = undefined;
  }

  async finish(): Promise<TrainResult> {
    const { epochs, earlyStopping, parameters } = this.#options;
    while (this.#state.epoch < epochs && !this.#isOver()) await this.#runEpoch(this.#state.epoch + 1);
    if (earlyStopping && this.#bestWeights) parameters.assign(this.#bestWeights, 'the best epoch');
    const { history, best, step, epoch } = this.#state;
    return { history, bestEpoch: best?.epoch ?? epoch, steps: step };
  }

  #isOver(): boolean {
    const { earlyStopping } = this.#options;
    const { best, epoch } = this.#state;
    return earlyStopping !== undefined && best !== null && epoch - best.epoch >= earlyStopping.patience;
  }

  async #runEpoch(epoch: number): Promise<void> {
    const { batches, epochs, signal, onProgress, validate, earlyStopping } = this.#options;
    const started = performance.now();
    const list = batches(epoch, this.#random.fork(`epoch ${epoch}`));
    const first = this.#state.stepInEpoch;
    for (let index = first; index < list.length; index++) {
      try {
        await yieldToEventLoop(signal, 'training');
      } catch (error) {
        this.#options.outer?.push();
        if (PalateError.is(error) && this.#options.checkpoint) await this.#save();
        throw error;
      }
      const loss = this.#step((list[index] as () => Batch)());
      this.#state = {
        ...this.#state,
        stepInEpoch: index + 1,
        step: this.#state.step + 1,
        lossSum: this.#state.lossSum + loss,
      };
      await this.#saveWhenDue();
      if (onProgress) {
        const perStep = (performance.now() - started) / (index + 1 - first);
        const stepsLeft = list.length - index - 1 + (epochs - epoch) * list.length;
        onProgress({
          phase: `epoch ${epoch} of ${epochs}`,
          done: index + 1,
          total: list.length,
          metrics: { loss: this.#state.lossSum / (index + 1) },
          secondsLeft: (perStep * stepsLeft) / 1000,
        });
      }
    }
    this.#options.outer?.push();
    const metrics = validate ? await validate(epoch) : {};
    const report: EpochReport = {
      epoch,
      loss: list.length === 0 ? 0 : this.#state.lossSum / list.length,
      seconds: (performance.now() - started) / 1000,
      metrics,
    };
    let { best } = this.#state;
    if (earlyStopping) {
      const value = metrics[earlyStopping.metric];
      if (value === undefined)
        throw new InvalidInputError({
          expected: `the metric ${earlyStopping.metric} from the validation`,
          received: Object.keys(metrics).join(', ') || 'none',
          hint: 'Correct the metric of earlyStopping, or return it from validate.',
        });
      if (best === null || value > best.value) {
        best = { value, epoch };
        this.#bestWeights = await this.#options.parameters.values();
      }
    }
    this.#state = {
      ...this.#state,
      epoch,
      stepInEpoch: 0,
      lossSum: 0,
      best,
      history: [...this.#state.history, report],
    };
    if (this.#options.checkpoint) await this.#save();
  }

  /** One update; returns the loss. */
  #step(batch: Batch): number {
    const { optimiser, schedule, seed = 0, outer } = this.#options;
    const step = this.#state.step + 1;
    const learningRate = schedule(step);
    const scalars = optimiser.scalars(step, learningRate);
    const given = outer?.forward(batch) ?? {};
    const outerNames = Object.keys(given).sort();
    const batchNames = Object.keys(batch).sort();
    const scalarNames = Object.keys(scalars).sort();
    const compiled = this.#stepOf(batchNames, scalarNames, outerNames);
    // Kept out of what tidy returns, which it would walk through number by number in search of tensors.
    let gradients: [string, Float32Array][] = [];
    const { loss, weights } = tf.tidy(() => {
      const stepSeed = tf.tensor1d([seed % 0x7fff_ffff, step], 'int32');
      const inputs = batchNames.map((name) => columnTensor(batch[name] as Batch[string]));
      const numbers = scalarNames.map((name) => tf.scalar(scalars[name] as number));
      const rows = outerNames.map((name) => columnTensor(given[name] as Batch[string]));
      const outcome = compiled(stepSeed, ...inputs, ...numbers, ...rows);
      gradients = outerNames.map((name): [string, Float32Array] => [
        name,
        (outcome[`${OUTER}${name}`] as tf.Tensor).dataSync<'float32'>(),
      ]);
      return { loss: numberOf(outcome.loss), weights: numberOf(outcome.weights) };
    });
    if (Number.isFinite(loss) && Number.isFinite(weights)) {
      outer?.backward(Object.fromEntries(gradients), step, learningRate);
      return loss;
    }
    outer?.push();
    // State that this very step has made is not as it was before.
    if (step === this.#firstStep) optimiser.dispose();
    throw new InvalidInputError({
      expected: Number.isFinite(loss) ? 'finite weights after every step' : 'a finite loss',
      received: Number.isFinite(loss) ? `weights that are not at step ${step}` : `${loss} at step ${step}`,
      hint: `Lower the learning rate, clip the gradients, or look for bad values in the data; the weights are those of step ${step - 1}.`,
    });
  }

  #stepOf(
    batchNames: readonly string[],
    scalarNames: readonly string[],
    outerNames: readonly string[],
  ): CompiledStep<[tf.Tensor, ...tf.Tensor[]], StepOutcome> {
    const key = JSON.stringify([batchNames, scalarNames, outerNames]);
    const known = this.#compiled.get(key);
    if (known) return known;
    const compiled = compile<[tf.Tensor, ...tf.Tensor[]], StepOutcome>(
      (stepSeed, ...rest) => {
        const named = (names: readonly string[], from: number): Record<string, tf.Tensor> =>
          Object.fromEntries(names.map((name, k) => [name, rest[from + k] as tf.Tensor]));
        return this.#update(
          named(batchNames, 0),
          named(scalarNames, batchNames.length) as Record<string, tf.Scalar>,
          stepSeed,
          named(outerNames, batchNames.length + scalarNames.length),
        );
      },
      {
        accept: ({ loss, weights }) => Number.isFinite(numberOf(loss)) && Number.isFinite(numberOf(weights)),
      },
    );
    this.#compiled.set(key, compiled);
    return compiled;
  }

  #update(
    inputs: BatchTensors,
    scalars: Readonly<Record<string, tf.Scalar>>,
    stepSeed: tf.Tensor,
    given: BatchTensors,
  ): StepOutcome {
    const { parameters, optimiser, loss, clipNorm } = this.#options;
    const variables = [...this.#names.values()].map((name) => parameters.get(name));
    const outer = Object.entries(given);
    // As tf.variableGrads, which takes no other tensors beside variables.
    const { value, grads } = tf
      .engine()
      .gradients(
        () => loss({ ...inputs, ...given }, ForwardPass.training(stepSeed)),
        [...variables, ...outer.map(([, tensor]) => tensor)],
        undefined,
        true,
      );
    const gradients = Object.fromEntries(
      variables.flatMap((variable, k) =>
        grads[k] ? [[this.#names.get(variable.name) as string, grads[k]]] : [],
      ),
    );
    optimiser.apply(
      parameters,
      clipNorm === undefined ? gradients : clipByGlobalNorm(gradients, clipNorm),
      scalars,
    );
    const ofOuter = outer.map(([name, tensor], k): [string, tf.Tensor] => [
      name,
      grads[variables.length + k] ?? tf.zerosLike(tensor),
    ]);
    const sums = [...variables, ...ofOuter.map(([, gradient]) => gradient)].map((each) => tf.sum(each));
    return {
      loss: value as tf.Scalar,
      weights: tf.addN(sums) as tf.Scalar,
      ...Object.fromEntries(ofOuter.map(([name, gradient]) => [`${OUTER}${name}`, gradient])),
    };
  }

  async #saveWhenDue(): Promise<void> {
    const { checkpoint } = this.#options;
    if (!checkpoint) return;
    const bySteps =
      checkpoint.everySteps !== undefined && this.#state.step - this.#savedStep >= checkpoint.everySteps;
    const bySeconds = performance.now() - this.#savedAt >= (checkpoint.everySeconds ?? 60) * 1000;
    if (bySteps || bySeconds) await this.#save();
  }

  async #save(): Promise<void> {
    const { checkpoint, parameters, optimiser, outer, identity } = this.#options;
    if (!checkpoint) return;
    outer?.push();
    await writeCheckpoint(checkpoint.dir, identity, {
      state: this.#state,
      weights: await parameters.values(),
      optimiser: {
        ...(await optimiser.state()),
        ...prefixedTensors(outer?.state() ?? {}, OUTER),
      },
      bestWeights: this.#bestWeights,
    });
    this.#savedAt = performance.now();
    this.#savedStep = this.#state.step;
  }

  dispose(): void {
    for (const compiled of this.#compiled.values()) compiled.dispose();
  }
}
