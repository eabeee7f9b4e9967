/** Figures as people read them, for messages. */
export const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`
export const millis = (ms: number): string => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`
export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`
export const amount = (value: number): string => value.toFixed(value < 10 && !Number.isInteger(value) ? 1 : 0)
