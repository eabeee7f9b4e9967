/** The clock of the process minus that of the browser, in milliseconds. */
let skewMs = 0

/** Sets the clock of the process. @param ms milliseconds since the epoch */
export function setProcessClock(ms: number): void {
  skewMs = ms - Date.now()
}

/** Returns the time by the clock of the process, in milliseconds since the epoch. */
export function processNow(): number {
  return Date.now() + skewMs
}
