// The order of the test files of a run: those of the apps first, which take the longest and wait the most, so that no
// worker is left alone with one of them at the end.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isOfApp = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/apps/');
    const sorted = await super.sort(files);
    return [...sorted.filter(isOfApp), ...sorted.filter((file) => !isOfApp(file))];
  }
}
