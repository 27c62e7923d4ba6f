import { PalateError } from '@palate/core';
import type { GraphNode, Value } from './graph.js';
import { nodeNamedBy, type Plan } from './plan.js';

/** A graph that could not be computed, and the node that was to blame, where ONNX Runtime names it. */
export interface GraphFailure {
  readonly error: PalateError;
  readonly node: GraphNode | undefined;
}

/** The bytes of a value. */
const bytesOf = ({ size, type }: Value): number => size * (type === 'bool' ? 1 : 4);

/**
 * Finds a value of a plan that no machine of this size can hold.
 *
 * Such a graph is not started: the system would grant the memory and end the process once it is written to.
 */
export function findOversized(plan: Plan, maxBytes: number): GraphFailure | undefined {
  for (const node of plan.nodes)
    for (const output of node.outputs)
      if (bytesOf(output) > maxBytes)
        return {
          node,
          error: new PalateError('out-of-memory', {
            expected: `tensors of at most ${maxBytes.toLocaleString('en-GB')} bytes`,
            received: `${described(node)} of ${bytesOf(output).toLocaleString('en-GB')} bytes`,
            hint: 'Compute it in parts, or raise maxTensorBytes of registerOrtBackend.',
          }),
        };
  return undefined;
}

/**
 * Explains what went wrong with a plan: in building its session (`graph-rejected`) or in running it (`graph-failed`).
 */
export function explainFailure(plan: Plan, cause: unknown, code: string): GraphFailure {
  if (PalateError.is(cause)) return { error: cause, node: undefined };
  const message = cause instanceof Error ? cause.message : String(cause);
  const node = nodeNamedBy(plan, message);
  const status = /Status Message:\s*(.*)/s.exec(message)?.[1] ?? message;
  const error = new PalateError(code, {
    expected: `${node ? described(node) : 'a graph'} to be computed`,
    received: `the error of ONNX Runtime: ${status.trim().slice(0, 600)}`,
    hint: node
      ? 'This tensor and those made of it cannot be read; all others can. Indices out of range are the usual cause.'
      : `The graph's operations: ${operationsOf(plan)}.`,
    cause,
  });
  return { error, node };
}

const shapeOf = (value: Value | undefined): string => `[${value?.shape.join(', ') ?? ''}]`;

function described(node: GraphNode): string {
  return `${node.op} from ${node.inputs.map(shapeOf).join(' and ') || 'nothing'} to ${shapeOf(node.outputs[0])}`;
}

/** The operations of a plan in order, shortened in the middle. */
function operationsOf(plan: Plan): string {
  const names = plan.nodes.map((node) => node.op);
  return names.length > 24
    ? `${names.slice(0, 12).join(', ')}, ... ${names.length - 24} more ..., ${names.slice(-12).join(', ')}`
    : names.join(', ');
}
