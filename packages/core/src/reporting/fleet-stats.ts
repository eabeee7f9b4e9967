/** The state of the connection to the other processes of a fleet. See the option `fleet`. */
export interface FleetStats {
  /** The number of clients that have used the fleet in the last seconds, as far as this one knows; at least 1, which is this client. */
  readonly members: number
  /**
   * Whether the shared state cannot be reached now, or a part of it is refused. Calls go on: this client then uses its part of the shared limits and of the money, and
   * its own circuits and cache in memory.
   */
  readonly degraded: boolean
  /** The number of commands that this client has sent to the shared state. */
  readonly roundTrips: number
  /** The message of the latest error of the shared state; undefined if there was none. */
  readonly lastError: string | undefined
}
