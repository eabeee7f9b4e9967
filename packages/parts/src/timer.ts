/** The longest delay that `setTimeout` accepts, about 24.8 days. A longer one fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1
