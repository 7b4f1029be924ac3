import type { Topic } from '../log/cluster-log.ts';

/**
 * The topic of a room. A namespace's name never holds a comma (the Socket.IO protocol ends it with one), so that no room
 * can reach into another namespace.
 */
export function roomTopic(namespace: string, room: string): Topic {
  return `${namespace},${room}`;
}

/** Broadcasts to everybody in a namespace, which every node that has the namespace follows. */
export function namespaceTopic(namespace: string): Topic {
  // A room may have the empty string for a name: it would be told apart from this by its comma.
  return namespace;
}

/** What every node follows: commands that must not be lost, and requests. */
export const clusterTopic: Topic = 'cluster';

/** By which a node finds out how far it has heard. */
export function echoTopic(uid: string): Topic {
  return `echo:${uid}`;
}

/** What is meant for one node. */
export function nodeTopic(uid: string): Topic {
  return `node:${uid}`;
}

/** The room of a topic of `namespace`; undefined for the topic of the namespace itself. */
export function roomOf(namespace: string, topic: Topic): string | undefined {
  const prefix = roomTopic(namespace, '');
  return topic.startsWith(prefix) ? topic.slice(prefix.length) : undefined;
}
