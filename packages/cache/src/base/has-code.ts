/** Whether a value is an error with this `code`, including one that another copy of this package made. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code
}
