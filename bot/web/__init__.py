"""The web application: the citizens' API and pages, the agents' search, what operators watch."""
