"""A second opinion on what an engine will do or has done, from its resources alone.

It shares with the planner the table of regions, the data classes and the lifecycle, and nothing else: what it reads is
a preview's or a state's resources, whoever made them, and what it cannot model it refuses.
"""
