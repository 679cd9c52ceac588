import { render } from 'preact';

const App = () => <main>Pentimento</main>;

const root = document.getElementById('app');
if (root) render(<App />, root);
