/**
 * Reports async functions handed to an emitter: nobody waits for the promise, and its rejection ends the process.
 * `typescript/no-misused-promises` does this for node's emitters; the listener types of Socket.IO hide it from that rule.
 */
const methods = new Set(['on', 'once', 'onAny', 'onAnyOutgoing', 'prependAny', 'addListener', 'use']);

const rule = {
  meta: { type: 'problem', schema: [] },
  create: (context) => ({
    CallExpression(node) {
      const { callee } = node;
      if (callee.type !== 'MemberExpression' || callee.computed || !methods.has(callee.property.name)) return;
      for (const argument of node.arguments) {
        if (!/Function/.test(argument.type) || !argument.async) continue;
        context.report({ node: argument, message: 'An emitter does not wait for an async listener.' });
      }
    },
  }),
};

export default { meta: { name: 'sluice' }, rules: { 'async-listener': rule } };
