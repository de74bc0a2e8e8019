import { render } from 'preact';
import { applyStoredTheme } from './browser/page-state.js';
import { RestClient } from './browser/rest-client.js';
import { App } from './view/app.js';

applyStoredTheme();
const rest = new RestClient();
// A printed address may carry the token behind `#`, where no server and no log sees it.
const token = /^#token=(.+)$/.exec(location.hash)?.[1];
if (token !== undefined) {
  rest.useToken(decodeURIComponent(token));
  history.replaceState(null, '', '#/');
}
const root = document.getElementById('app');
if (root !== null) render(<App rest={rest} />, root);
