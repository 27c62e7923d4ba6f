/** Lengths are padded to multiples of this: few graphs serve all batches, and little is wasted. */
export const CUT_STEP = 16;
