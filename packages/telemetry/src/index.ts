export { childOf, formatTraceparent, parseTraceparent } from './trace-context.ts';
