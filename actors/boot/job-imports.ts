/**
 * What stands behind the package's door, without the door. Whoever is going to import a job's module imports
 * this file first, while it waits for its turn: the job's own import of the package then finds it loaded.
 */
import '../../core/index.js';
import './connectors.js';
import './local-executor.js';
