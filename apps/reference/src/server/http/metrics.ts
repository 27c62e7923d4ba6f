import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds: from a lookup to a live model's sentence. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

/** Milliseconds between two looks at the event loop. */
const LOOK_EVERY = 2;

/** Numbers of a server for Prometheus. Labels are names of routes, never ids or texts. */
export class ServerMetrics {
  readonly registry = new Registry();
  readonly seconds = new Histogram({
    name: 'palate_http_request_seconds',
    help: 'Time from a request to its answer.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly refused = new Counter({
    name: 'palate_http_refused_total',
    help: 'Rejected requests, by code.',
    labelNames: ['code'] as const,
    registers: [this.registry],
  });
  readonly batch = new Histogram({
    name: 'palate_engine_batch_size',
    help: 'Requests answered in one run of the models.',
    buckets: [1, 2, 4, 8, 16, 32],
    registers: [this.registry],
  });
  readonly feedback = new Counter({
    name: 'palate_feedback_events_total',
    help: 'Events of feedback that were acknowledged.',
    registers: [this.registry],
  });
  readonly restarts = new Counter({
    name: 'palate_engine_restarts_total',
    help: 'Unexpected ends of the engine’s thread.',
    registers: [this.registry],
  });

  /**
   * Makes the numbers, those of the process among them.
   *
   * @param pending - requests that the engine has not answered yet
   */
  constructor(pending: () => number) {
    // The measured delay includes the time between two looks: keep that small.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: LOOK_EVERY });
    new Gauge({
      name: 'palate_engine_pending_requests',
      help: 'Requests that the engine has not answered yet.',
      registers: [this.registry],
      collect() {
        this.set(pending());
      },
    });
  }
}
