// The order of the test files of a run: those of the apps first, which take the longest and wait the most, so that no
// worker is left alone with one of them at the end; last those that share a process, which runs one after the other.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isOfApp = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/apps/');
    const sorted = await super.sort(files);
    const turn = (file: TestSpecification): number =>
      file.project.config.isolate === false ? 2 : isOfApp(file) ? 0 : 1;
    return [0, 1, 2].flatMap((wanted) => sorted.filter((file) => turn(file) === wanted));
  }
}
