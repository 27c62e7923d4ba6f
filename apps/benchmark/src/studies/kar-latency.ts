import { availableParallelism, cpus } from 'node:os';
import {
  type BackboneName,
  CtrModel,
  type CtrSamples,
  encodeFeatures,
  seenEntities,
  splitByTimes,
  takeSamples,
} from '@palate/knowledge-augment';
import { ADAPTOR, FIELDS, movieTweetingsKarData } from './kar.js';
import type { Study } from './study.js';

const BACKBONES: readonly { readonly label: string; readonly backbone: BackboneName }[] = [
  { label: 'DIN', backbone: 'din' },
  { label: 'DCNv2', backbone: 'dcnv2' },
  { label: 'FiBiNET', backbone: 'fibinet' },
  { label: 'DeepFM', backbone: 'deepfm' },
];
/** Candidates of one request. */
const SIZES = [10, 100];
const CALLS = 200;

interface Latency {
  readonly size: number;
  readonly without: number;
  readonly with: number;
}

const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[times.length >> 1] as number;

/** Time of scoring one request with and without KAR: vectors are prestored, neither a model nor an encoder is asked. */
export const karLatency: Study = {
  name: 'kar-latency',
  title: 'KAR: milliseconds to score the candidates of one request, with and without knowledge',
  protocol: `Median of ${CALLS} calls of each, taken in turns in one process; MovieTweetings, one epoch of training, which does not matter here; knowledge of both sides prestored as vectors of 32; ${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown processor'}.`,
  run: async (context) => {
    const data = await movieTweetingsKarData();
    const split = splitByTimes(data.samples);
    const features = encodeFeatures(data.dataset, data.features, seenEntities(split.train));
    const rows: string[][] = [];
    for (const { label, backbone } of BACKBONES) {
      const found = await context.cell(
        label,
        [backbone, SIZES, CALLS, availableParallelism(), 2],
        async (call) => {
          const fit = (knows: boolean): Promise<CtrModel> =>
            CtrModel.fit(
              takeSamples(
                split.train,
                Int32Array.from({ length: 2048 }, (_, k) => k),
              ),
              {
                backbone,
                ...call,
                features,
                epochs: 1,
                knowledge: knows
                  ? { user: data.user, item: data.item, adaptor: backbone === 'din' ? ADAPTOR : FIELDS }
                  : undefined,
              },
            );
          const [without, knowing] = [await fit(false), await fit(true)];
          const time = async (model: CtrModel, samples: CtrSamples): Promise<number> => {
            const started = performance.now();
            await model.predict(samples);
            return performance.now() - started;
          };
          const latencies: Latency[] = [];
          for (const size of SIZES) {
            const times: { readonly without: number[]; readonly with: number[] } = { without: [], with: [] };
            for (let call = -5; call < CALLS; call++) {
              const from = ((call + 5) * size) % (split.test.user.length - size);
              const request = takeSamples(
                split.test,
                Int32Array.from({ length: size }, (_, k) => from + k),
              );
              const [plain, augmented] = [await time(without, request), await time(knowing, request)];
              if (call < 0) continue;
              times.without.push(plain);
              times.with.push(augmented);
            }
            latencies.push({ size, without: median(times.without), with: median(times.with) });
          }
          return latencies;
        },
      );
      for (const latency of found)
        rows.push([
          label,
          String(latency.size),
          latency.without.toFixed(2),
          latency.with.toFixed(2),
          (latency.with / latency.without).toFixed(2),
        ]);
    }
    return { columns: ['backbone', 'candidates', 'without, ms', 'with, ms', 'ratio'], rows };
  },
};
