import { setMaxListeners } from 'node:events';

/** A signal that any number of calls wait on: without this Node warns from the eleventh on. */
export function sharedSignal(signal: AbortSignal): AbortSignal {
  setMaxListeners(0, signal);
  return signal;
}

/** A controller of such a signal. */
export function sharedController(): AbortController {
  const controller = new AbortController();
  sharedSignal(controller.signal);
  return controller;
}
