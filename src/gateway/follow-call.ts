import { GatewayError } from '../core/gateway-error.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { LiveCall } from './live-calls.ts';
import type { OpenCall } from './open-call.ts';
import { StopSwitch } from './stop-signal.ts';

/** A call in flight and what has become of it. */
export interface FollowedCall extends LiveCall {
  clientGone: boolean;
  settled: boolean;
}

/** Registers the call so that it can be stopped: by its client's leaving, its key's end, or a shutdown. */
export function follow(deps: GatewayDeps, call: OpenCall): FollowedCall {
  const { caller } = call.request;
  const live: FollowedCall = {
    caller,
    intent: call.intent,
    hold: call.admission.hold,
    endsAtMs: caller.endsAtMs,
    switch: new StopSwitch(),
    clientGone: false,
    settled: false,
    rosterIndex: -1,
  };
  call.request.onClientGone(() => {
    live.clientGone = true;
    live.switch.stop(
      new GatewayError('client_gone', 'The client closed the connection before the answer was complete.'),
    );
  });
  deps.live.add(live);
  return live;
}
