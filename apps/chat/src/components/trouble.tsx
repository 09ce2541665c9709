/** The page when nothing can begin: what happened, and what to do. */
export function Trouble({ reason }: { readonly reason: unknown }) {
  return (
    <main class="stage">
      <section class="card" role="alert">
        <h1>The chat cannot start</h1>
        <p>
          Your key is kept in this browser, and the browser keeps nothing for this page. A private window, blocked site data and a full disk
          do that.
        </p>
        <p>Open the page in a normal window, allow it to keep data, or free some room; then try again.</p>
        <button type="button" class="button" onClick={() => location.reload()}>
          Try again
        </button>
        <details class="fine-print">
          <summary>What the browser said</summary>
          <p>{reason instanceof Error ? reason.message : String(reason)}</p>
        </details>
      </section>
    </main>
  )
}
