import {
  ArtifactError,
  checkSavedNames,
  type Disposable,
  disposedOnFailure,
  joinProvenance,
  type Provenance,
  readArtifact,
  rebuildSaved,
  type Saveable,
  savedProvenance,
  type TensorData,
  UNKNOWN,
  writeArtifact,
} from '@palate/core';
import { readTextTokens } from '@palate/llm';
import { checkVocabulary, type EpochReport, ForwardPass, selectBackend, T5, t5Config } from '@palate/nn';
import { exportOnnx } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import type { HistoryVectors } from '../history/history-vectors.js';
import { fitUem } from './fit-uem.js';
import { PromptNetwork, type PromptTensors } from './prompt-network.js';
import { PromptedModel, type PromptedParts } from './prompted-model.js';
import type { UemExample } from './uem-example.js';
import { UEM, type UemOptions } from './uem-options.js';

const KIND = 'uem';
/** 2: with the shift and scale of the module's input. */
const VERSION = 2;

/**
 * A text-to-text model that reads users as soft prompts (UEM; Doddapaneni et al. 2024): each item of a history becomes one
 * token of the language model's input, made from stored vectors of its texts, so that a long history costs few tokens. Module,
 * task tokens and T5 are trained together, or the first two alone.
 */
export class Uem extends PromptedModel implements Saveable, Disposable {
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  /** Knowledge of interactions in the weights beside that of the examples, which is not known here. */
  readonly provenance: Provenance;

  private constructor(parts: PromptedParts, provenance: Provenance, history: readonly EpochReport[]) {
    super(parts);
    this.history = history;
    this.provenance = provenance;
  }

  /**
   * Trains the model on questions with their answers.
   *
   * @param vectors - stored vectors of the texts of the items that histories hold
   * @throws InvalidInputError for unknown options, no examples, histories that do not fit the vectors, or a language model
   *   that does not fit the vocabulary
   * @throws CancelledError if `signal` fires; a checkpoint is written first where they are kept
   */
  static async fit(
    examples: readonly UemExample[],
    vectors: HistoryVectors,
    options: UemOptions = {},
  ): Promise<Uem> {
    const { history, ...parts } = await fitUem(examples, vectors, options);
    return new Uem(parts, vectors.provenance, history);
  }

  /**
   * The user embedding module as a standard `.onnx` file with any batch size: `rows`, float32 `[batch, historyLength,
   * 3 * textWidth]`, `present`, float32 `[batch, historyLength]`, and `positions`, int32 of the same shape (how many items
   * are newer); gives `tokens`, `[batch, historyLength, width of the language model]`.
   */
  async exportOnnx(): Promise<Uint8Array> {
    this.checkReadsHistories();
    await selectBackend();
    const { historyLength: length } = this.parts.config;
    const inputs = {
      rows: tf.zeros([1, length, this.parts.vectors.width]),
      present: tf.ones([1, length]),
      positions: tf.zeros([1, length], 'int32'),
    };
    try {
      return exportOnnx(
        (given) => ({
          tokens: (this.parts.network.prompts(given, ForwardPass.inference()) as PromptTensors).tokens,
        }),
        inputs,
        { dynamicBatch: true },
      );
    } finally {
      tf.dispose(inputs);
    }
  }

  async save(dir: string): Promise<void> {
    const tensors: Record<string, TensorData> = {};
    for (const parameters of this.parts.network.allParameters)
      Object.assign(tensors, await parameters.values());
    await writeArtifact(dir, {
      kind: KIND,
      version: VERSION,
      config: {
        ...UEM.saved(this.parts.config),
        languageModel: this.parts.network.t5.config,
        encoder: this.parts.vectors.encoder,
        textWidth: this.parts.vectors.textWidth,
        provenance: this.provenance,
      },
      tensors,
      files: this.parts.tokens.files(),
    });
  }

  /**
   * @param vectors - the items' texts, by the encoder that it was fitted with; other items than at the fit are welcome
   * @throws ArtifactError if the folder is missing, foreign or damaged, or was fitted with another encoder
   */
  static async load(dir: string, vectors: HistoryVectors): Promise<Uem> {
    const artifact = await readArtifact(dir, KIND, VERSION);
    const { manifest, tensors } = artifact;
    const { provenance, languageModel, encoder, textWidth, ...settings } = Object(manifest.config) as Record<
      string,
      unknown
    >;
    const config = UEM.restored(dir, settings);
    if (encoder !== vectors.encoder || textWidth !== vectors.textWidth)
      throw new ArtifactError(dir, {
        expected: `vectors of ${encoder}, ${textWidth} wide, which it was fitted with`,
        received: `those of ${vectors.encoder}, ${vectors.textWidth} wide`,
        hint: 'Encode the texts with the same encoder.',
      });
    // Weights know what the texts knew that they were trained on.
    const known = joinProvenance([savedProvenance(dir, provenance) ?? UNKNOWN, vectors.provenance]);
    await selectBackend();
    return rebuildSaved(dir, 'a model of the settings in the manifest', async () => {
      const tokens = await readTextTokens(dir, artifact);
      const t5 = new T5(t5Config(languageModel, dir));
      const network = new PromptNetwork(t5, vectors.width, config, 0);
      return disposedOnFailure(network, () => {
        checkVocabulary(t5, tokens);
        checkSavedNames(
          dir,
          tensors,
          network.allParameters.flatMap(({ names }) => names),
        );
        for (const parameters of network.allParameters) parameters.assign(tensors, dir);
        return new Uem({ network, tokens, vectors, config }, known, []);
      });
    });
  }

  /** Frees the weights, those of the language model included; what needs them throws afterwards. */
  dispose(): void {
    this.parts.network.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
