export { namesIn, numberBetween, wholeNumber } from './arguments.js';
export { checkWritable } from './check-writable.js';
export { CommandLine } from './command-line.js';
export { FlowingText } from './flowing-text.js';
export { type ProgressReporter, type WorkOptions, withProgress } from './progress.js';
export { type CommandContext, type RunOptions, runCommand } from './run-command.js';
export { type Column, table } from './table.js';
export { fitWidth, sentences, sideBySide, terminalWidth, wrapped } from './text-width.js';
