/** Claims of sessions that are being restored on this node, by socket id: only the newest of each may go through. */
export class ClaimsUnderWay {
  readonly #claims = new Map<string, { newest: number; count: number }>();

  begin(sid: string, generation: number): void {
    const claims = this.#claims.get(sid) ?? { newest: generation, count: 0 };
    this.#claims.set(sid, claims);
    claims.newest = Math.max(claims.newest, generation);
    claims.count += 1;
  }

  end(sid: string): void {
    const claims = this.#claims.get(sid);
    if (claims === undefined) return;
    claims.count -= 1;
    if (claims.count === 0) this.#claims.delete(sid);
  }

  /** A claim of this generation has been made on some node. */
  onClaimed(sid: string, generation: number): void {
    const claims = this.#claims.get(sid);
    if (claims !== undefined && generation > claims.newest) claims.newest = generation;
  }

  isNewest(sid: string, generation: number): boolean {
    return this.#claims.get(sid)?.newest === generation;
  }
}
