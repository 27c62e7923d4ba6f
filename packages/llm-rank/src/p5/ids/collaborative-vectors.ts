import { EmbeddingTable, type InteractionLog, provenanceOfLog, RandomStream } from '@palate/core';

/** Rounds of the subspace iteration: the leading directions are apart long before. */
const ROUNDS = 12;

/**
 * Vectors of items by who had them: the leading eigenvectors of the normalised co-occurrence matrix, as spectral clustering takes
 * them. Items that the same people have lie near each other. Rows have norm 1; items without interactions are zero.
 *
 * A round costs `2 * interactions * width` multiply-adds and an orthogonalisation of `items * width^2`; the matrix itself is never
 * made.
 *
 * @param width - directions
 */
export function collaborativeVectors(log: InteractionLog, width: number, seed: number): EmbeddingTable {
  const { items, users } = log;
  const n = items.size;
  const random = new RandomStream(seed).fork('collaborative vectors');
  const { offsets, item } = log.byUser();
  const own = log.userCounts();
  // D^-1/2 A D^-1/2, A counting whom two items share; each user counts once whatever the length of the history.
  const degree = new Float64Array(n);
  for (let user = 0; user < users.size; user++)
    for (let p = offsets[user]!; p < offsets[user + 1]!; p++) degree[item[p]!]! += 1;
  const scale = degree.map((value) => (value > 0 ? value ** -0.5 : 0));
  let basis = Float64Array.from({ length: n * width }, (_, k) =>
    scale[Math.floor(k / width)]! > 0 ? random.normal() : 0,
  );
  const sum = new Float64Array(width);
  for (let round = 0; round < ROUNDS; round++) {
    orthogonalise(basis, n, width);
    const next = new Float64Array(n * width);
    for (let user = 0; user < users.size; user++) {
      const weight = 1 / Math.max(1, own[user]!);
      sum.fill(0);
      for (let p = offsets[user]!; p < offsets[user + 1]!; p++) {
        const at = item[p]! * width;
        for (let d = 0; d < width; d++) sum[d]! += scale[item[p]!]! * basis[at + d]!;
      }
      for (let p = offsets[user]!; p < offsets[user + 1]!; p++) {
        const at = item[p]! * width;
        for (let d = 0; d < width; d++) next[at + d]! += weight * scale[item[p]!]! * sum[d]!;
      }
    }
    basis = next;
  }
  orthogonalise(basis, n, width);
  const data = new Float32Array(n * width);
  for (let i = 0; i < n; i++) {
    let square = 0;
    for (let d = 0; d < width; d++) square += basis[i * width + d]! ** 2;
    const norm = Math.sqrt(square);
    if (norm > 0) for (let d = 0; d < width; d++) data[i * width + d] = basis[i * width + d]! / norm;
  }
  return new EmbeddingTable(items, width, data, provenanceOfLog(log));
}

/** Gram and Schmidt over the columns, in place; a column that the others span becomes zero. */
function orthogonalise(x: Float64Array, rows: number, width: number): void {
  for (let d = 0; d < width; d++) {
    for (let e = 0; e < d; e++) {
      let dot = 0;
      for (let r = 0; r < rows; r++) dot += x[r * width + d]! * x[r * width + e]!;
      for (let r = 0; r < rows; r++) x[r * width + d]! -= dot * x[r * width + e]!;
    }
    let square = 0;
    for (let r = 0; r < rows; r++) square += x[r * width + d]! ** 2;
    const factor = square > 1e-20 ? square ** -0.5 : 0;
    for (let r = 0; r < rows; r++) x[r * width + d]! *= factor;
  }
}
