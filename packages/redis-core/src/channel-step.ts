import type { DriverClient } from './driver-client.ts';
import type { ChannelKind } from './subscriber.ts';

/** One command to Redis: channels of one kind to be taken or left. */
export interface ChannelStep {
  readonly kind: ChannelKind;
  readonly take: boolean;
  readonly channels: string[];
}

export type ChannelRelay = (payload: Buffer, channel: Buffer) => void;

// Enough to make the round trip cheap, and few enough that one reply does not hold up what else a node does.
const maxChannelsPerCommand = 500;

/** Cut into commands of a bounded size. */
export function inCommands(step: ChannelStep): ChannelStep[] {
  const steps: ChannelStep[] = [];
  for (let from = 0; from < step.channels.length; from += maxChannelsPerCommand) {
    steps.push({ ...step, channels: step.channels.slice(from, from + maxChannelsPerCommand) });
  }
  return steps;
}

/** Resolves once Redis has confirmed all channels of the step. */
export function sendStep(
  client: DriverClient,
  { kind, take, channels }: ChannelStep,
  relay: ChannelRelay,
): Promise<void> {
  if (kind === 'sharded') {
    return take ? client.sSubscribe(channels, relay, true) : client.sUnsubscribe(channels, relay, true);
  }
  return take ? client.subscribe(channels, relay, true) : client.unsubscribe(channels, relay, true);
}
