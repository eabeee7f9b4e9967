/** Whether it is an error with this code, also one that another copy of this package has made. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code
}
