// A vitest reporter that names the ten slowest tests at the end of a run.
import { relative } from 'node:path';

export default class SlowestTests {
  onTestRunEnd(modules) {
    const tests = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({
        name: test.fullName,
        file: relative(process.cwd(), module.moduleId),
        seconds: (test.diagnostic()?.duration ?? 0) / 1000,
      })),
    );
    tests.sort((a, b) => b.seconds - a.seconds);
    process.stdout.write('\nThe ten slowest tests:\n');
    for (const { seconds, file, name } of tests.slice(0, 10))
      process.stdout.write(`${seconds.toFixed(1).padStart(7)} s  ${file}  ${name}\n`);
  }
}
