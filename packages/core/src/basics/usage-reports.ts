/**
 * Switches off the usage reports of ONNX Runtime for this process, unless the user has decided
 * (`ORT_DISABLE_TELEMETRY` is set). Call it before anything loads that library: since version 1.29 its first session
 * writes a device id and an event file into the user's cache folder and looks up the vendor's host.
 *
 * Worker threads have a copy of the environment that native code does not see: call it on the main thread.
 */
export function switchOffUsageReports(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
}
