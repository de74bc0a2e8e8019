import { render } from 'preact';
import { RestClient } from './browser/rest-client.js';
import { App } from './view/app.js';

const rest = new RestClient();
// A printed address may carry the token behind `#`, where no server and no log sees it.
const token = /^#token=(.+)$/.exec(location.hash)?.[1];
if (token !== undefined) {
  rest.useToken(decodeURIComponent(token));
  history.replaceState(null, '', '#/');
}
const root = document.getElementById('app');
if (root !== null) render(<App rest={rest} />, root);
