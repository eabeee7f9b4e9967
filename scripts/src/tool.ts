import { join } from 'node:path'
import { readManifest, root } from './workspace.ts'

/** How to call a command of one of the root's dev dependencies, on the Node that runs this script. */
export function tool(command: string, packageName = command): [command: string, entry: string] {
  const folder = join(root, 'node_modules', packageName)
  const { bin } = readManifest(join(folder, 'package.json'))
  const entry = typeof bin === 'string' ? bin : bin?.[command]
  if (entry === undefined) throw new Error(`${packageName} has no command named ${command}`)
  return [process.execPath, join(folder, entry)]
}
