/** The environment our tools run in: turbo sends no telemetry. Its update notice is off in turbo.json. */
export const quietEnv: NodeJS.ProcessEnv = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
}
