import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { usePolling } from '../browser/polling.js';

/** Asks for the token that the server wants; it stays in this tab. */
export function TokenForm(): JSX.Element {
  const { rest } = usePolling();
  const [token, setToken] = useState('');
  return (
    <section class="card narrow">
      <h1>A token is wanted</h1>
      <p>This server answers only who knows its token, the value of its option rest.token.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          rest.useToken(token.trim());
        }}
      >
        <label class="field">
          Token
          <input
            type="password"
            autocomplete="off"
            value={token}
            required
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Use it
        </button>
      </form>
    </section>
  );
}
