import { type CollectMetrics, counter, type MetricValue } from './metric-family.ts';

/** What is counted of every HTTP request, management and refused strangers included. */
export interface RequestMetrics {
  /** `route`: the registered pattern; null where none matched. */
  answered(request: { method: string; route: string | null; status: number; durationMs: number }): void;
  collect: CollectMetrics;
}

interface Counted {
  byStatus: Map<number, number>;
  durationMs: number;
}

/** Bounded by the routes that there are: paths without one are `unmatched`, methods of no route are too. */
export function createRequestMetrics(): RequestMetrics {
  const routes = new Map<string, Map<string, Counted>>();
  return {
    answered({ method, route, status, durationMs }) {
      const name = route ?? 'unmatched';
      let methods = routes.get(name);
      if (methods === undefined) {
        methods = new Map();
        routes.set(name, methods);
      }
      const verb = route === null ? '' : method;
      let counted = methods.get(verb);
      if (counted === undefined) {
        counted = { byStatus: new Map(), durationMs: 0 };
        methods.set(verb, counted);
      }
      counted.byStatus.set(status, (counted.byStatus.get(status) ?? 0) + 1);
      counted.durationMs += durationMs;
    },
    collect() {
      const answers: MetricValue[] = [];
      const seconds: MetricValue[] = [];
      for (const [route, methods] of routes) {
        for (const [method, { byStatus, durationMs }] of methods) {
          seconds.push({ labels: { route, method }, value: durationMs / 1_000 });
          for (const [status, value] of byStatus)
            answers.push({ labels: { route, method, status_code: status }, value });
        }
      }
      return [
        counter('latchkey_http_requests_total', 'HTTP requests by route and status.', answers),
        counter('latchkey_http_request_seconds_total', 'Seconds spent on HTTP requests, by route.', seconds),
      ];
    },
  };
}
