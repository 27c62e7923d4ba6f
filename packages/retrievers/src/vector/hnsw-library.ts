/** A graph of hnswlib-node, as far as it is used. */
export interface HnswGraph {
  initIndex(options: { maxElements: number; m: number; efConstruction: number; randomSeed: number }): void;
  readIndex(filename: string): Promise<boolean>;
  writeIndex(filename: string): Promise<boolean>;
  resizeIndex(newMaxElements: number): void;
  addPoint(point: number[], label: number): void;
  markDelete(label: number): void;
  unmarkDelete(label: number): void;
  searchKnn(
    queryPoint: number[],
    numNeighbors: number,
    filter?: (label: number) => boolean,
  ): { neighbors: number[]; distances: number[] };
  getPoint(label: number): number[];
  getMaxElements(): number;
  setEf(ef: number): void;
}

/**
 * The library hnswlib-node, as far as it is used: declared here, so that the types of this package hold where the optional
 * library is not installed.
 */
export interface HnswLibrary {
  readonly HierarchicalNSW: new (space: 'ip', numDimensions: number) => HnswGraph;
}
