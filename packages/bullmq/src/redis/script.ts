/** A Lua script, and the number of its keys. Each checks first and writes then; the arguments after the keys are texts. */
export interface Script {
  readonly name: string
  readonly numberOfKeys: number
  readonly lua: string
}
