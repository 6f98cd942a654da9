import os

import hypothesis

# Machines that run tests are shared and slow at times: no property is judged by the clock. In CI the examples are the
# same each time, so that a change is judged by what it changes; everywhere else every run looks for new ones.
hypothesis.settings.register_profile("lambdabot", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("lambdabot")
