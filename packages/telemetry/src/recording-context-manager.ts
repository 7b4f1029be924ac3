import type { Context, ContextManager } from '@opentelemetry/api';
import { StackContextManager } from '@opentelemetry/sdk-trace';
import type { RedisSpans } from './redis-spans.ts';

/**
 * The context that holds for a synchronous stretch, and is told to whoever records what is done in it. Not
 * AsyncLocalStorage: on Node 20 that costs every promise of the process (docs/adr/0009).
 */
export function createRecordingContextManager(redis: Pick<RedisSpans, 'enter' | 'leave'>): ContextManager {
  const stack = new StackContextManager();
  return {
    active: () => stack.active(),
    with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
      held: Context,
      work: F,
      thisArg?: ThisParameterType<F>,
      ...args: A
    ): ReturnType<F> {
      redis.enter();
      try {
        return stack.with(held, work, thisArg, ...args);
      } finally {
        redis.leave();
      }
    },
    bind: (held, target) => stack.bind(held, target),
    enable() {
      stack.enable();
      return this;
    },
    disable() {
      stack.disable();
      return this;
    },
  };
}
