import { closeClients, connectClients, joinRooms } from './connect-clients.ts';
import type { ConnectPlan, ConnectReport } from './plan.ts';
import { openUsageWindow } from './usage-window.ts';

/** Connects everybody, then lets everybody join; the connections stay open unless the plan says that they leave. */
export async function connect(plan: ConnectPlan): Promise<ConnectReport> {
  const closeConnecting = openUsageWindow(plan.pids);
  const clients = await connectClients(plan, { onDelivery: () => undefined, onFailure: fail });
  const connecting = closeConnecting();
  const closeJoining = openUsageWindow(plan.pids);
  const joins = await joinRooms(plan, clients);
  const joining = closeJoining();
  if (plan.leave) await closeClients(clients);
  return { connections: clients.length, joins, connecting, joining };
}

/** A connection that ends while others are counted ends the generator, and with it the trial. */
function fail(error: Error): never {
  throw error;
}
