/** Bundlers hand the file to the platform, which compiles it; at run time that is refused. */
declare module '*.wasm' {
  const module: WebAssembly.Module
  export default module
}
