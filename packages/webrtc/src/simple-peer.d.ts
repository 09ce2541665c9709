/** simple-peer, in the form that `package.json` chooses: slim in browsers, its prebuilt file elsewhere. */
declare module '#simple-peer' {
  import SimplePeer from 'simple-peer'
  export default SimplePeer
}
