export * from './at-most.ts';
export * from './backoff.ts';
export * from './clock.ts';
export * from './coded-error.ts';
export * from './lifecycle.ts';
