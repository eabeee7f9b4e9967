/** Bundles browser-program.js with the bundler that is named, and prints each word that the bundler has to say about it. */
import { build as esbuild } from 'esbuild'
import { promisify } from 'node:util'
import { createLogger, build as vite } from 'vite'
import webpack from 'webpack'

const [bundler, outDir] = process.argv.slice(2)
const entry = './browser-program.js'

const bundlers = {
  async esbuild() {
    const options = { entryPoints: [entry], outfile: `${outDir}/bundle.js`, logLevel: 'silent' }
    const { warnings, errors } = await esbuild({ ...options, bundle: true, platform: 'browser' }).catch(
      (error) => error,
    )
    return [...errors, ...warnings].map(({ text }) => text)
  },
  async webpack() {
    const output = { path: outDir, filename: 'bundle.js' }
    const stats = await promisify(webpack)({ mode: 'production', target: 'web', entry, output })
    const { errors, warnings } = stats.toJson({ errors: true, warnings: true })
    return [...errors, ...warnings].map(({ message }) => message)
  },
  async vite() {
    const words = []
    const say = (text) => words.push(text)
    const customLogger = { ...createLogger(), info: () => {}, warn: say, warnOnce: say, error: say }
    const lib = { entry, formats: ['es'], fileName: () => 'bundle.js' }
    await vite({ configFile: false, customLogger, build: { lib, outDir, emptyOutDir: true } }).catch(say)
    return words
  },
}
console.log(JSON.stringify((await bundlers[bundler]()).map(String)))
