/**
 * `pnpm runtimes`: installs the packed packages in a project of its own, bundles those that need no Node.js for browsers with esbuild,
 * webpack and Vite, and runs a program over all of them on Node.js, on Bun, on Deno, and as one ES module bundle.
 */
import { RuntimesProject } from './src/runtimes-project.ts'
import { stopSignal } from './src/stop-signal.ts'
import { temporaryFolder } from './src/temporary-folder.ts'

using stop = stopSignal()
const { signal } = stop
using folder = temporaryFolder('harbor-runtimes-')
try {
  const project = await RuntimesProject.install(folder.path, signal)
  for (const bundler of ['esbuild', 'webpack', 'vite']) {
    await project.checkBrowserBundle(bundler)
    console.log(`✓ ${bundler} bundles the packages for browsers without a warning, and they run`)
  }
  for (const runtime of ['node', 'bun', 'deno'] as const) {
    await project.runProgram(runtime)
    console.log(`✓ one call, one stream and one bulk run on ${runtime}`)
  }
  await project.checkNodeBundle()
  console.log('✓ the same as one ES module bundle for Node.js, which says what to set')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
