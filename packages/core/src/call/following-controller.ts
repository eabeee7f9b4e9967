/** An abort controller that is aborted with other signals, for their reason, until it is released. */
export class FollowingController extends AbortController {
  readonly #leaders: readonly (AbortSignal | undefined)[]

  constructor(...leaders: readonly (AbortSignal | undefined)[]) {
    super()
    this.#leaders = leaders
    for (const leader of leaders) leader?.addEventListener('abort', this.#follow)
    this.#follow()
  }

  /** Removes all listeners. */
  release(): void {
    for (const leader of this.#leaders) leader?.removeEventListener('abort', this.#follow)
  }

  readonly #follow = (): void => {
    const leader = this.#leaders.find((each) => each?.aborted)
    if (leader) this.abort(leader.reason)
  }
}
