import hypothesis

# Machines that run tests are shared and slow at times: no property is judged by the clock.
hypothesis.settings.register_profile("lambdabot", deadline=None)
hypothesis.settings.load_profile("lambdabot")
